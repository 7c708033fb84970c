// Set A, "diverse": which files of which Debian packages. Nothing is installed: packages are downloaded and unpacked.

/** A kind of files: where candidates lie in the unpacked packages and how much of them is taken. */
export interface FileClass {
  readonly name: string;
  readonly budgetMib: number;
  /** Of the path below the root of the unpacked packages. */
  readonly fits: RegExp;
}

/** The packages, by what they are mainly there for. */
export const packages: readonly string[] = [
  // shared objects, executables
  ...['libllvm14', 'libicu72', 'libgtk-3-0', 'libqt5gui5', 'libqt5widgets5', 'libqt5core5a', 'libcairo2'],
  ...['libpython3.11', 'libx265-199', 'libgnutls30', 'git', 'gcc-12', 'binutils-x86-64-linux-gnu'],
  // Python, a large scripted SDK, headers, Java
  ...['python3-numpy', 'python3-scipy', 'python3-sympy', 'python3-django', 'python3-pandas'],
  ...['python3-botocore', 'awscli', 'libboost1.74-dev', 'libeigen3-dev', 'openjdk-17-jre-headless'],
  // documents
  ...['manpages-dev', 'debian-policy', 'linux-doc-6.1', 'perl-modules-5.36'],
  // images and fonts
  ...['adwaita-icon-theme', 'oxygen-icon-theme', 'fonts-noto-core', 'fonts-dejavu-core', 'gnome-backgrounds'],
  // data and JSON
  ...['geoip-database', 'wordnet-base', 'proj-data', 'unicode-data', 'shared-mime-info', 'iso-codes'],
  // objects, JavaScript, the rest
  ...['llvm-14-dev', 'node-typescript', 'node-lodash', 'node-babel7', 'vim-runtime', 'docbook-xsl'],
];

/** Classes in the order in which they take files. */
export const classes: readonly FileClass[] = [
  { name: 'shared objects', budgetMib: 85, fits: /^usr\/lib\/(?!jvm\/).*\.so(\.[\d.]+)?$/ },
  { name: 'executables', budgetMib: 25, fits: /^usr\/(bin|lib\/(git-core|gcc)\/)/ },
  { name: 'Python source', budgetMib: 30, fits: /^usr\/lib\/python3.*\.(py|pyi|txt)$/ },
  { name: 'Python bytecode', budgetMib: 15, fits: /\.pyc$/ },
  { name: 'scripted SDK', budgetMib: 35, fits: /^usr\/(lib\/python3|share\/(awscli|perl))/ },
  { name: 'headers', budgetMib: 30, fits: /^usr\/include\// },
  { name: 'JVM', budgetMib: 35, fits: /^(usr\/lib\/jvm|etc\/java)/ },
  { name: 'archives', budgetMib: 55, fits: /\.deb$/ },
  { name: 'documents', budgetMib: 35, fits: /^usr\/share\/(doc|man|info|locale|perl)\// },
  { name: 'images and fonts', budgetMib: 35, fits: /\.(png|jpe?g|gif|svg|pdf|woff2|ttf)$/ },
  { name: 'data', budgetMib: 35, fits: /\.(csv|npz|npy|db|dat|xml|txt)$/ },
  { name: 'JSON', budgetMib: 15, fits: /\.(geo)?json$/ },
  { name: 'static archives and objects', budgetMib: 30, fits: /\.[ao]$/ },
  { name: 'JavaScript', budgetMib: 20, fits: /^usr\/share\/(nodejs|node_modules)\/|\.m?js$/ },
  { name: 'other', budgetMib: 25, fits: /^usr\/share\// },
];

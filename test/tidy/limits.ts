// The sizes the code is held to. Aim far below: 150 lines a file, 20 a function, 3 parameters.
export const fileLinesMax = 400;
export const shortFileLinesMax = 300;
export const functionLinesMax = 70;
export const parametersMax = 4;
export const roomFilesMax = 15;

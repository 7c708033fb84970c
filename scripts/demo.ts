// npm start without arguments: packs this project's node_modules, reports, restores, compares, and ends.
console.log('demo: will pack node_modules into .pilotfish/, report its size, restore it and compare');

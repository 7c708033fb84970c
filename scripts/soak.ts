// npm run soak: long seeded runs of the crash tests. The runs come with the store.
console.log('soak: no long runs yet');

package tokenfile

// modesCount says whether a file's mode tells who may read it. Here access
// control lists do, and os.FileMode makes up the mode.
const modesCount = false

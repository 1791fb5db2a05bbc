/** Folders made the way that ends everywhere, and replaced whole or not at all. Stands alone; every room may use it. */
export { keepInCache } from './keep-in-cache.js';
export { makeFolder, makePrivateFolder } from './make-folder.js';
export { replaceFolder } from './replace-folder.js';

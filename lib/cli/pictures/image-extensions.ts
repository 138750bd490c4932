/** What is looked for in folders, in any case; a file that is named may be called anything. */
export const decodedExtensions = [
  ...['jpg', 'jpeg', 'jpe', 'jfif', 'pjpeg', 'pjp', 'png', 'apng', 'webp', 'avif', 'gif', 'tif', 'tiff'],
  ...['bmp', 'dib', 'ppm', 'pgm', 'pbm', 'pnm'],
] as const;

/** Of pictures that are not decoded: those in a folder are passed over, and somebody should hear of it. */
export const otherExtensions = [
  ...['heic', 'heif', 'hif', 'svg', 'svgz', 'jxl', 'jp2', 'j2k', 'jpf', 'jpx', 'jpm', 'j2c', 'jxr', 'wdp'],
  ...['tga', 'ico', 'cur', 'icns', 'psd', 'psb', 'xcf', 'kra', 'ai', 'eps', 'emf', 'wmf', 'cdr', 'dds', 'qoi'],
  ...[
    'exr',
    'hdr',
    'pam',
    'pfm',
    'pcx',
    'sgi',
    'rgb',
    'ras',
    'xbm',
    'xpm',
    'wbmp',
    'fits',
    'fit',
    'dcm',
    'flif',
    'bpg',
  ],
  ...['dng', 'nef', 'nrw', 'cr2', 'cr3', 'crw', 'arw', 'sr2', 'srf', 'orf', 'rw2', 'raf', 'pef', 'srw', 'x3f', '3fr'],
  ...['iiq', 'mrw', 'kdc', 'dcr', 'erf', 'mos', 'rwl'],
] as const;

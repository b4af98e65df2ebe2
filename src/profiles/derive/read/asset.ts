/** What a page brings along: the browser asks for it, not the person. */

const ASSET = /\.(?:css|m?js|map|png|jpe?g|gif|ico|svg|webp|avif|bmp|woff2?|ttf|otf|eot)$/i

/** @param path without query */
export function isAssetPath(path: string): boolean {
  return ASSET.test(path)
}

/** Where the worker of a generation is: TypeScript in a checkout, JavaScript when published. */
export function workerModule(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./worker.${extension}`, import.meta.url)
}

/** What keeps a generator from opening one more connection, and what can be done about it. */

/**
 * `connections`: the limit of our own; `files` and `ports`: this process, or machine, has no more;
 * `streams`: of HTTP/2, all connections carry as many requests as the target takes at once.
 */
export const CONNECTION_LIMITS = ['connections', 'files', 'ports', 'streams'] as const
export type ConnectionLimit = (typeof CONNECTION_LIMITS)[number]

/** Connections to one arm at most, of each thread: 2 000 requests/s, of which none is answered for 1 s. */
export const MOST_CONNECTIONS = 2_000
/** Connections of HTTP/2 to one arm at most, of each thread. */
export const MOST_H2_CONNECTIONS = 20

const WHAT: Readonly<Record<ConnectionLimit, string>> = {
  connections: `a thread opens ${MOST_CONNECTIONS} at most`,
  files: 'this process may open no more files',
  ports: 'this machine has no port left',
  streams: `of ${MOST_H2_CONNECTIONS} connections each had all streams that the target takes`,
}

const MEND: Readonly<Record<ConnectionLimit, string>> = {
  connections: 'lower --rate or --concurrency, or let more threads send (--workers)',
  files: 'raise its limit (ulimit -n), or lower --rate or --concurrency',
  ports: 'lower --rate or --concurrency, or send from another machine',
  streams: 'let the target take more streams, lower --rate, or send HTTP/1.1',
}

/** `a thread opens 2000 at most: lower --rate …` */
export function limitWords(limit: ConnectionLimit): string {
  return `${WHAT[limit]}: ${MEND[limit]}`
}

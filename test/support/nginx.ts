/** A real nginx that answers every path, and one location of it late: a target with a known truth. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFolder } from './folders.ts'
import { findPart } from './parts.ts'
import { startOnFreePort } from './ports.ts'
import { startProgram, type Program } from './processes.ts'

export interface NginxOptions {
  /** What every path answers, with status 200. */
  readonly body?: string
  /** Paths (exact) that answer the same, but later. */
  readonly delays?: readonly { readonly path: string; readonly seconds: number }[]
  /** Paths (exact) that answer this status instead of 200. */
  readonly failures?: readonly { readonly path: string; readonly status: number }[]
}

export interface Nginx {
  readonly url: string
  readonly port: number
  /** Lines of its access log have the request and the `x-synthetic` header. */
  readonly accessLog: string
  readonly errorLog: string
  stop(): Promise<void>
}

/** Needs the parts `nginx` and, where something is delayed, `nginx-echo`. */
export function startNginx(options: NginxOptions = {}): Promise<Nginx> {
  return startOnFreePort((port) => startOnce(options, port))
}

async function startOnce(options: NginxOptions, port: number): Promise<Nginx> {
  const binary = findPart('nginx')
  if (binary === undefined) throw new Error('Cannot start nginx: it is not on this machine')
  const folder = createFolder()
  mkdirSync(join(folder.path, 'temp'))
  const errorLog = join(folder.path, 'error.log')
  const accessLog = join(folder.path, 'access.log')
  const config = join(folder.path, 'nginx.conf')
  writeFileSync(config, configOf(options, port))
  const program = startProgram(binary, ['-p', folder.path, '-e', errorLog, '-c', config])
  try {
    await isUp(port, program)
  } catch (error) {
    await program.stop()
    folder.remove()
    throw error
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    accessLog,
    errorLog,
    stop: async () => {
      await program.stop()
      folder.remove()
    },
  }
}

function configOf(options: NginxOptions, port: number): string {
  const { body = 'a small answer\n', delays = [], failures = [] } = options
  const echo = findPart('nginx-echo')
  if (delays.length > 0 && echo === undefined) {
    throw new Error('Cannot delay a location: the echo module is not on this machine')
  }
  const answer = `default_type text/plain; return 200 ${JSON.stringify(body)};`
  return `${delays.length > 0 && echo !== undefined ? `load_module ${echo};` : ''}
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 1024; }
http {
  log_format seen '$request_method $request_uri $status "$http_x_synthetic"';
  access_log access.log seen;
  client_body_temp_path temp/body;
  proxy_temp_path temp/proxy;
  fastcgi_temp_path temp/fastcgi;
  uwsgi_temp_path temp/uwsgi;
  scgi_temp_path temp/scgi;
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:${port};
    location / { ${answer} }
    location @static { ${answer} }
${delays.map(({ path, seconds }) => `    location = ${path} { echo_sleep ${seconds}; echo_exec @static; }`).join('\n')}
${failures.map(({ path, status }) => `    location = ${path} { return ${status}; }`).join('\n')}
  }
}
`
}

/** nginx prints nothing when it is up, so it is asked until it answers or ends. */
async function isUp(port: number, program: Program): Promise<void> {
  for (let attempt = 0; attempt < 100 && program.isRunning(); attempt += 1) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`)
      await response.text()
      if (response.status === 200) return
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, 50)
      })
    }
  }
  throw new Error(`nginx did not answer on port ${port}: ${program.stderr()}`)
}

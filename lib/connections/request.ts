import { ResponseBody } from './response-body.js';
import { StallTimer } from './stall-timer.js';

/** A server's answer; its body is to be read to its end or cancelled. */
export interface Answer {
  readonly response: Response;
  readonly body: ResponseBody;
}

/**
 * Asks a server, and follows no redirection: who may hear of a secret in `headers` is for the caller to know.
 *
 * @param stallTimeoutMs how long nothing may come, now and while the body is read
 * @throws {PassingFault} where nobody answers
 * @throws `signal.reason`
 */
export async function request(
  url: URL,
  init: { method?: 'GET' | 'HEAD'; headers: Record<string, string> },
  stallTimeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const timer = new StallTimer(stallTimeoutMs, signal);
  timer.start();
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: timer.signal });
    timer.stop();
    return { response, body: new ResponseBody(response, timer, signal) };
  } catch (error) {
    timer.end();
    throw timer.faultOf(error, `${url.host} did not answer`);
  }
}

const redirections = [301, 302, 303, 307, 308];

/** Where an answer leads, if it leads anywhere; `nowhere` where that is no address of the web. */
export function redirection({ status, headers }: Response, from: URL): URL | 'nowhere' | undefined {
  const location = headers.get('location');
  if (!redirections.includes(status) || location === null) return undefined;
  if (!URL.canParse(location, from.href)) return 'nowhere';
  const to = new URL(location, from);
  return /^https?:$/.test(to.protocol) ? to : 'nowhere';
}

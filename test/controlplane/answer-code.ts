/** How an API server answers a request, by its first line alone: also to a watch, whose answer has no end. */
import { request } from 'node:https';

export interface Caller {
  readonly url: string;
  /** PEM of the certificate to trust. */
  readonly certificate: string;
  readonly token: string;
}

export const answerCode = ({ url, certificate, token }: Caller, method: string, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const asked = request(`${url}${path}`, { method, headers, ca: certificate, agent: false }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    asked.once('error', reject);
    asked.end();
  });

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { TurnedAway } from '../errors.ts';
import type { Identity, KeyRing } from '../identity.ts';

export type AccessOptions = {
  readonly keys: KeyRing;
  /** A key of the operator's own, from the environment: an admin. */
  readonly token?: string | undefined;
  /** Callers without a key are admins, while there are no keys: for loopback and `--insecure`. */
  readonly isOpen: boolean;
  /** Only requests that name this machine are answered: a page in a browser cannot reach it by a name of its own. */
  readonly isLocal: boolean;
};

/** Who works at this machine. */
const LOCAL: Identity = { actor: 'local', role: 'admin', models: undefined };
const OPERATOR: Identity = { actor: 'operator', role: 'admin', models: undefined };
const BEARER = /^bearer +([^ ]+)$/i;
const BASIC = /^basic +([A-Za-z0-9+/=]+)$/i;

/** Decides who is at the door. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Undefined for a caller without a key where one is needed. @throws TurnedAway for a wrong key, or another site's page. */
  identify({ headers }: Pick<FastifyRequest, 'headers'>): Identity | undefined {
    const { keys, token, isOpen, isLocal } = this.#options;
    if (isLocal && !isLoopbackName(hostOf(headers.host ?? ''))) {
      throw new TurnedAway(
        403,
        'this server answers to localhost only: bind it to an address to call it by a name',
      );
    }
    this.#refuseOtherSites(headers.origin, headers.host);
    const given = keyOf(headers.authorization);
    if (given === undefined) {
      return isOpen && keys.isEmpty && token === undefined ? LOCAL : undefined;
    }
    if (token !== undefined && isSame(given, token)) return OPERATOR;
    const found = keys.find(given);
    if (found !== undefined) return found;
    if (isOpen && keys.isEmpty && token === undefined) return LOCAL;
    throw new TurnedAway(401, 'this key is not valid here: ask an admin for another');
  }

  /** A browser says on whose behalf it calls; nobody else does. */
  #refuseOtherSites(origin: string | undefined, host: string | undefined): void {
    if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
    throw new TurnedAway(403, 'pages of other sites may not call this server');
  }
}

/** The key in a header: a bearer token, or the password of a user. */
function keyOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const bearer = BEARER.exec(authorization)?.[1];
  if (bearer !== undefined) return bearer;
  const basic = BASIC.exec(authorization)?.[1];
  if (basic === undefined) return undefined;
  const text = Buffer.from(basic, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

/** Takes the same time wherever they differ. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(a as Buffer, b as Buffer);
}

/** The name without the port. */
const hostOf = (host: string): string => host.replace(/:[0-9]+$/, '').replace(/^\[|\]$/g, '');

/** Whether a name or address can only mean this machine. */
export function isLoopbackName(host: string): boolean {
  if (host === 'localhost') return true;
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1';
}

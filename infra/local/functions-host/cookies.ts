import type { RpcCookie } from './core-module.ts';

/** As ASP.NET Core writes it: the value encoded, the path `/` when there is none. */
export function toSetCookie(cookie: RpcCookie): string {
  const attributes = [
    `${cookie.name}=${encodeURIComponent(cookie.value)}`,
    cookie.expires && `expires=${new Date(cookie.expires.value.seconds * 1_000).toUTCString()}`,
    cookie.maxAge && `max-age=${cookie.maxAge.value}`,
    cookie.domain && `domain=${cookie.domain.value}`,
    `path=${cookie.path?.value ?? '/'}`,
    cookie.secure?.value && 'secure',
    cookie.sameSite !== 'none' && `samesite=${cookie.sameSite === 'explicitNone' ? 'none' : cookie.sameSite}`,
    cookie.httpOnly?.value && 'httponly',
  ];
  return attributes.filter(Boolean).join('; ');
}

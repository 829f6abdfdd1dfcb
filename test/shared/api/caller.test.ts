import { describe, expect, test } from 'vitest';
import { callerOf, isEasyAuthOn } from '../../../shared/api/caller.ts';
import { principal } from '../../support/principal.ts';

const ROLE = 'Registries.Read';
const MAPPED = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role';

test.each([
  ['True', true],
  ['true', true],
  ['False', false],
  ['1', false],
  ['', false],
  [undefined, false],
])('WEBSITE_AUTH_ENABLED=%s: the platform signs callers in: %s', (value, on) => {
  expect(isEasyAuthOn({ WEBSITE_AUTH_ENABLED: value })).toBe(on);
});

describe('a principal', () => {
  test.each<[string, object, string]>([
    ['a person', {}, 'Ada'],
    ['a person whose name is elsewhere', { name_typ: 'other' }, 'ada@example.com'],
    [
      'an app, which has no name',
      {
        name_typ: undefined,
        claims: [
          { typ: 'roles', val: ROLE },
          { typ: 'appid', val: 'a1' },
        ],
      },
      'a1',
    ],
    ['a user whose claims .NET has mapped', { claims: [{ typ: MAPPED, val: ROLE }] }, 'unnamed'],
    [
      'a user with roles under a custom claim name',
      { role_typ: 'r', claims: [{ typ: 'r', val: ROLE }] },
      'unnamed',
    ],
  ])('%s with the role is let in under its name', (_, more, name) => {
    expect(callerOf(principal([ROLE], more), ROLE)).toEqual({ kind: 'principal', name });
  });

  test.each(['oid', 'http://schemas.microsoft.com/identity/claims/objectidentifier'])(
    'is told apart by its object id, from the claim %s',
    typ => {
      const claims = [
        { typ: 'roles', val: ROLE },
        { typ, val: 'o1' },
      ];

      expect(callerOf(principal([], { claims }), ROLE)).toEqual({
        kind: 'principal',
        name: 'unnamed',
        id: 'o1',
      });
    },
  );

  test.each<[string, string]>([
    ['no role', principal([])],
    ['another role', principal(['Registries.Write'])],
    ['a role of which it is the beginning', principal(['Registries.ReadAll'])],
    ['the role in another case', principal(['registries.read'])],
    ['the role in another claim', principal([], { claims: [{ typ: 'groups', val: ROLE }] })],
    ['no claims at all', principal([], { claims: undefined })],
  ])('with %s is refused, with the role that the call needs', (_, header) => {
    expect(() => callerOf(header, ROLE)).toThrow(
      expect.objectContaining({ reason: 'forbidden', message: expect.stringContaining(ROLE) }),
    );
  });

  const base64 = (text: string) => Buffer.from(text).toString('base64');
  test.each<[string, string | null]>([
    ['missing', null],
    ['empty', ''],
    ['no base64', '!!!'],
    ['no JSON', base64('roles=Registries.Read')],
    ['null', base64('null')],
    ['an array', base64('[]')],
    ['two principals in one', `${principal([])}, ${principal([ROLE])}`],
    ['with claims that are no list', principal([], { claims: { typ: 'roles', val: ROLE } })],
    ['with a claim that is no text', principal([], { claims: [{ typ: 'roles', val: [ROLE] }] })],
    ['of another identity provider', principal([ROLE], { auth_typ: 'github' })],
    ['of no identity provider', principal([ROLE], { auth_typ: undefined })],
  ])('that is %s is not authenticated', (_, header) => {
    expect(() => callerOf(header, ROLE)).toThrow(expect.objectContaining({ reason: 'unauthenticated' }));
  });
});

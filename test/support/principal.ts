/** The content of `x-ms-client-principal` for an Entra user with these app roles. */
export function principal(roles: readonly string[], more: object = {}): string {
  const claims = [
    { typ: 'name', val: 'Ada' },
    { typ: 'preferred_username', val: 'ada@example.com' },
    ...roles.map(val => ({ typ: 'roles', val })),
  ];
  const value = { auth_typ: 'aad', name_typ: 'name', role_typ: 'roles', claims, ...more };
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

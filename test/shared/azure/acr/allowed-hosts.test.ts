import { expect, test } from 'vitest';
import { createHostCheck } from '../../../../shared/azure/acr/allowed-hosts.ts';

const isAllowedHost = createHostCheck(['registry.example.com:5000']);

test.each([
  ['contoso.azurecr.io', true],
  ['CONTOSO.azurecr.io', true],
  ['contoso-a1b2c3.azurecr.io', true],
  ['contoso.azurecr.cn', true],
  ['contoso.azurecr.us', true],
  ['contoso.westeurope.geo.azurecr.io', true],
  ['registry.example.com:5000', true],
  ['registry.example.com', false],
  ['azurecr.io', false],
  ['contoso.azurecr.io.attacker.example.com', false],
  ['contoso.azurecr.de', false],
  ['attacker.example.com/contoso.azurecr.io', false],
  ['attacker.example.com#.azurecr.io', false],
  ['user@contoso.azurecr.io', false],
  ['contoso.azurecr.io:8443', false],
  ['a.b.azurecr.io', false],
  ['', false],
])('%s is an allowed host: %s', (host, allowed) => {
  expect(isAllowedHost(host)).toBe(allowed);
});

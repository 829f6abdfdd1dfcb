import { expect, test } from 'vitest';
import { readSettings } from '../../shared/settings.ts';

const complete = {
  TABLES_URL: 'https://account.table.core.windows.net/',
  KEY_VAULT_URL: 'https://vault.vault.azure.net',
  CODER_URL: 'https://coder.example.com',
};

test('what is set counts, what is not has its default, and empty means not set', () => {
  const settings = readSettings({
    ...complete,
    ACR_ALLOWED_HOSTS: ' Host:5000, other ,',
    AZURE_CLIENT_ID: '',
  });

  expect(settings).toMatchObject({
    TABLES_URL: 'https://account.table.core.windows.net',
    ACR_ALLOWED_HOSTS: ['host:5000', 'other'],
    ARM_URL: 'https://management.azure.com',
    IMPORT_MAX_ATTEMPTS: 24,
  });
  expect(settings.AZURE_CLIENT_ID).toBeUndefined();
});

test('all faults are told at once, and no secret may go over plain http but to this machine', () => {
  const read = () =>
    readSettings({ CODER_URL: 'http://coder.example.com', KEY_VAULT_URL: 'vault', DEFAULT_DISK_GB: '-1' });

  expect(read).toThrow(/CODER_URL: must start with https.*/);
  expect(read).toThrow(/TABLES_URL/);
  expect(read).toThrow(/KEY_VAULT_URL/);
  expect(read).toThrow(/DEFAULT_DISK_GB/);
  expect(readSettings({ ...complete, CODER_URL: 'http://localhost:7080' }).CODER_URL).toBe(
    'http://localhost:7080',
  );
});

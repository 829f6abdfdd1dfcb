import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createProgram } from '../../command/program.ts';
import { completionScript } from '../../command/verbs/completion.ts';

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const typed = words.map(word => `'${word}'`).join(' ');
  const script = `${completionScript(createProgram(), false)}
    COMP_WORDS=(coder-acr-bridge ${typed}); COMP_CWORD=${words.length}
    _coder_acr_bridge; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

test('the first word is a verb', () => {
  expect(offered('r')).toEqual(['replay', 'reconcile', 'rotate', 'rollback']);
});

test('the others are options of the verb', () => {
  expect(offered('wait', 'contoso', '--ti')).toEqual(['--timeout']);
  expect(offered('rotate', '--')).toContain('--compromised');
});

test('the values of an option, and of an argument, that are fixed', () => {
  expect(offered('images', '--state', 'p')).toEqual(['pending']);
  expect(offered('images', 'contoso', '--reason', 'coder-u')).toContain('coder-unavailable');
  expect(offered('completion', 'z')).toEqual(['zsh']);
});

test('zsh reads the same after it has loaded its support for bash', () => {
  const script = completionScript(createProgram(), true);

  expect(script).toContain('bashcompinit');
  expect(script.endsWith(completionScript(createProgram(), false))).toBe(true);
});

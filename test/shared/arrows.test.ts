import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Arrow, arrowsOf, circlesOf } from './arrows.ts';

/** The rooms of the house from the ground up: a file may import from its own room and from those before it. */
const ROOMS: Readonly<Record<string, RegExp>> = {
  lib: /^shared\/lib\//,
  reasons: /^shared\/reasons\.ts$/,
  errors: /^shared\/errors\.ts$/,
  settings: /^shared\/settings\.ts$/,
  azure: /^shared\/azure\//,
  // What a person may say to a Coder, as schemas alone, so that a policy can have it in it.
  'words of coder': /^shared\/coder\/(?:default-tag|(?:\w+\/)?words)\.ts$/,
  policy: /^shared\/policy\//,
  credentials: /^shared\/credentials\//,
  delivery: /^shared\/delivery\//,
  coder: /^shared\/coder\//,
  records: /^shared\/records\//,
  rotation: /^shared\/rotation\//,
  registries: /^shared\/registries\//,
  images: /^shared\/images\//,
  reconciliation: /^shared\/reconciliation\//,
  summary: /^shared\/summary\//,
  guide: /^shared\/guide\//,
  diagnostics: /^shared\/diagnostics\//,
  services: /^shared\/services\.ts$/,
  api: /^shared\/api\//,
  functions: /^functions\//,
};
const NAMES = Object.keys(ROOMS);

const codeOf = (file: string) => readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8');

const arrows = arrowsOf('shared', 'functions').filter(({ to }) => to.endsWith('.ts'));

function roomOf(file: string): string {
  const room = NAMES.find(name => ROOMS[name]?.test(file));
  if (!room)
    throw new Error(`${file} is in no room. Move it into one, or add its room to ROOMS in this test.`);
  return room;
}

function level(file: string): number {
  return NAMES.indexOf(roomOf(file));
}

describe('imports', () => {
  test('go down only: a room imports from itself and from the rooms below it', () => {
    console.log(picture(arrows));
    const up = arrows.filter(({ from, to }) => level(to) > level(from));
    expect(
      up.map(({ from, to }) => `${from} imports ${to}, but ${roomOf(to)} is above ${roomOf(from)}`),
    ).toEqual([]);
  });

  test('form no circle of files, types included', () => {
    expect(circlesOf(arrows).map(circle => circle.join(' ⇄ '))).toEqual([]);
    expect(circlesOf(arrowsOf('infra/local')).map(circle => circle.join(' ⇄ '))).toEqual([]);
  });

  test('of the console name no code of the app, but only its types', () => {
    const taken = arrowsOf('console').filter(({ to }) => !to.startsWith('console/'));
    expect(taken.map(({ to }) => to)).toContain('shared/api/views/image.ts');
    expect(
      taken.filter(({ from }) => codeOf(from).match(/^(?:im|ex)port (?!type\b)[^;]*'\.\.\/+shared/m)),
    ).toEqual([]);
    expect(circlesOf(arrowsOf('console')).map(circle => circle.join(' ⇄ '))).toEqual([]);
  });

  test('a circle and an arrow up are seen', () => {
    const circle = circlesOf([
      { from: 'a.ts', to: 'b.ts' },
      { from: 'b.ts', to: 'c.ts' },
      { from: 'c.ts', to: 'a.ts' },
      { from: 'd.ts', to: 'a.ts' },
    ]);
    expect(circle).toEqual([['a.ts', 'b.ts', 'c.ts']]);
    expect(level('shared/images/import.ts')).toBeGreaterThan(level('shared/azure/acr/client.ts'));
  });
});

/** Each room, with the rooms that it imports from. */
function picture(all: readonly Arrow[]): string {
  return NAMES.toReversed()
    .map(room => {
      const below = new Set(all.filter(({ from }) => roomOf(from) === room).map(({ to }) => roomOf(to)));
      const names = NAMES.filter(other => other !== room && below.has(other));
      return `${room.padEnd(16)} → ${names.join(', ') || '(nothing)'}`;
    })
    .join('\n');
}

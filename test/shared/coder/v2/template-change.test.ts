import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseHcl } from '../../../../infra/local/stand-ins/coder-v2/hcl/parse.ts';
import { changeTemplate } from '../../../../shared/coder/v2/template-change.ts';

const POD = `resource "coder_agent" "main" {
  os = "linux"
}

resource "kubernetes_deployment" "main" {
  spec {
    container {
      name  = "dev"
      image = "codercom/enterprise-base:ubuntu" # ours
    }
  }
}
`;
const VARIABLE = 'variable "image" {\n  type = string\n}\n';

test('the image of a container becomes a variable, with the image as its default', () => {
  const change = changeTemplate({ 'main.tf': POD }, 'image');

  expect(change).toEqual({
    kind: 'change',
    diff: `--- a/main.tf
+++ b/main.tf
@@ -2,11 +2,16 @@
   os = "linux"
 }
 
+variable "image" {
+  type    = string
+  default = "codercom/enterprise-base:ubuntu"
+}
+
 resource "kubernetes_deployment" "main" {
   spec {
     container {
       name  = "dev"
-      image = "codercom/enterprise-base:ubuntu" # ours
+      image = var.image # ours
     }
   }
 }
`,
  });
});

test('patch takes the diff, after which nothing is left to change', () => {
  const folder = mkdtempSync(join(tmpdir(), 'template-'));
  try {
    writeFileSync(join(folder, 'main.tf'), POD);
    const change = changeTemplate({ 'main.tf': POD }, 'image');
    execFileSync('patch', ['--strip', '1'], {
      cwd: folder,
      input: change.kind === 'change' ? change.diff : '',
    });
    const patched = readFileSync(join(folder, 'main.tf'), 'utf8');

    expect(changeTemplate({ 'main.tf': patched }, 'image')).toEqual({ kind: 'none' });
    expect(parseHcl(patched, 'main.tf')).toBeDefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a variable that is declared and not used is only used', () => {
  const change = changeTemplate({ 'main.tf': POD, 'variables.tf': VARIABLE }, 'image');

  expect(change.kind === 'change' && change.diff.match(/^[+-](?![+-]).*/gm)).toEqual([
    '-      image = "codercom/enterprise-base:ubuntu" # ours',
    '+      image = var.image # ours',
  ]);
});

test.each<[string, Record<string, string>, 'none' | 'unclear']>([
  [
    'the variable is used already',
    { 'main.tf': VARIABLE + POD.replace(/"codercom.*"/, 'var.image') },
    'none',
  ],
  [
    'it is used in another file',
    {
      'a.tf': VARIABLE,
      'b.tf': `${POD.replace(/"codercom.*"/, 'local.image')}locals {\n  image = var.image\n}\n`,
    },
    'none',
  ],
  [
    'the image is an expression',
    { 'main.tf': POD.replace(/"codercom.*"/, 'docker_image.main.name') },
    'unclear',
  ],
  [
    'the image has another variable in it',
    { 'main.tf': POD.replace(':ubuntu', `:${'$'}{var.tag}`) },
    'unclear',
  ],
  ['there are two images', { 'main.tf': POD + POD }, 'unclear'],
  ['there are images in two files', { 'a.tf': POD, 'b.tf': POD }, 'unclear'],
  ['there is no image', { 'main.tf': VARIABLE }, 'unclear'],
  [
    'the image is in a module',
    { 'main.tf': POD.replace('resource "kubernetes_deployment" "main"', 'module "pod"') },
    'unclear',
  ],
  ['the image is in a comment', { 'main.tf': POD.replace('      image', '      # image') }, 'unclear'],
  ['the image is in a longer comment', { 'main.tf': `/*\n${POD}*/\n` }, 'unclear'],
  ['the image is in a script', { 'main.tf': `locals {\n  s = <<-EOT\n${POD}  EOT\n}\n` }, 'unclear'],
  ['there is no source', {}, 'unclear'],
])('when %s', (_, files, kind) => {
  expect(changeTemplate(files, 'image')).toEqual({ kind });
});

test('the Secret that is delivered is added beside the container, where the template names none', () => {
  const added = ['+    image_pull_secrets {', '+      name = "contoso-pull"', '+    }'];
  const changesOf = (files: Record<string, string>) => {
    const change = changeTemplate(files, 'image', 'contoso-pull');
    return change.kind === 'change' ? change.diff.match(/^[+-](?![+-]).*/gm) : change.kind;
  };
  const used = VARIABLE + POD.replace(/"codercom.*"/, 'var.image');
  const withSecret = used.replace(
    '    container',
    '    image_pull_secrets {\n      name = "x"\n    }\n    container',
  );
  const dynamic = withSecret.replace('image_pull_secrets {', 'dynamic "image_pull_secrets" {');

  expect(changesOf({ 'main.tf': POD, 'variables.tf': VARIABLE })).toEqual([
    ...added,
    '-      image = "codercom/enterprise-base:ubuntu" # ours',
    '+      image = var.image # ours',
  ]);
  expect(changesOf({ 'main.tf': used })).toEqual(added);
  const patched = changeTemplate({ 'main.tf': used }, 'image', 'contoso-pull');
  expect(patched.kind === 'change' && patched.diff).toContain('   spec {\n+    image_pull_secrets {');
  for (const source of [withSecret, dynamic, used.replace('    container {', '    containers {')])
    expect(changesOf({ 'main.tf': source })).toBe('none');
  // Of two containers either could be in the pod of the workspace.
  expect(changesOf({ 'a.tf': used, 'b.tf': POD.replace(/"codercom.*"/, 'local.image') })).toBe('none');
  expect(changeTemplate({ 'main.tf': used }, 'image')).toEqual({ kind: 'none' });
});

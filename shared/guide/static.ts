import { assign, azAcrOptions, command, quote } from '../azure/commands.ts';
import { pullScopes } from '../policy/pull-scopes.ts';
import type { Registry } from '../records/registry.ts';
import type { GuideContext, Step } from './guide.ts';
import { setPlaceholder } from './placeholders.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** For a user name and a password that a person supplies: the narrowest that ACR has is a scope-map token. */
export function staticSteps(registry: Registry, context: GuideContext): Step[] {
  return [makeToken(registry), giveToBridge(registry, context)];
}

function makeToken(registry: Registry): Step {
  const { loginServer, policy } = registry;
  const name = tokenName(registry);
  const scopes = pullScopes(policy).map(scope => `--repository ${quote(scope)} content/read metadata/read`);
  const token = [`--name ${quote(name)}`, ...azAcrOptions(registry)];
  return {
    heading: 'Make a token that can pull, and nothing else',
    why: `Coder pulls with a user name and a password. The administrator account and most service principals can do more than that; a token can only what its scope map says: here, read the repositories that the policy of ${registry.name} imports. The password is kept in a variable, not shown. Azure shows it this once, and it ends after a year, so note the date. Do not generate it again once Coder has it, for that would replace it. To renew it, generate the other one of its two passwords (\`--password2\`): the old one then works until Coder has the new one.`,
    commands: [
      { run: command('az acr scope-map create', ...token, ...scopes) },
      { run: command('az acr token create', ...token, `--scope-map ${quote(name)}`, '--no-passwords true') },
      {
        run: assign(
          'PULL_PASSWORD',
          command(
            'az acr token credential generate',
            ...token,
            '--password1 --expiration-in-days 365',
            "--query 'passwords[?value].value' --output tsv",
          ),
        ),
      },
      {
        run: command(
          `printf %s "$PULL_PASSWORD" | docker login ${quote(loginServer)}`,
          `--username ${quote(name)} --password-stdin`,
        ),
        expect: 'Login Succeeded',
      },
    ],
    troubles: [
      {
        sign: '401 from `docker login`, with a password that replaced another',
        meaning: 'A replaced password takes about a minute to be known everywhere; a first one does not.',
        remedy: 'Wait a minute, then log in again.',
      },
    ],
  };
}

/** The user name that the registry has, so that doing it again renews the password, if a token can have that name. */
function tokenName({ credential, resourceId }: Registry): string {
  const username = credential.kind === 'static' ? credential.username : '';
  const isToken = /^[\w-]{5,50}$/.test(username) && !UUID.test(username);
  // The administrator account has the name of the registry.
  return isToken && !resourceId.toLowerCase().endsWith(`/${username.toLowerCase()}`)
    ? username
    : 'coder-pull';
}

function giveToBridge(registry: Registry, { bridgeUrl }: GuideContext): Step {
  const { name } = registry;
  const [before, after] = declarationAround(registry);
  return {
    heading: 'Give it to the bridge',
    why: 'A PUT replaces the whole declaration, so the policy and what else is declared of the registry is repeated here as it is now. The bridge tries the password, keeps it in Key Vault, and gives it to Coder; nobody can read it back without the role for it.',
    commands: [
      { run: setPlaceholder('FUNCTION_KEY') },
      {
        // The password comes over a pipe, since other people on the machine can see what arguments a program has.
        run: command(
          `printf %s ${quote(before)} "$PULL_PASSWORD" ${quote(after)} |\n  curl --silent --request PUT --data-binary @-`,
          '  --header "x-functions-key: $FUNCTION_KEY" --header "content-type: application/json"',
          `  ${quote(`${bridgeUrl}/api/registries/${name}`)}`,
        ),
        expect: `{"name":"${name}",…,"credential":{"kind":"static","username":"${tokenName(registry)}"},…}`,
      },
    ],
    troubles: [
      {
        sign: '`credential-refused`',
        meaning: 'The registry refused the password when the bridge tried it, and nothing was changed.',
        remedy:
          'Check it with the docker login above. PULL_PASSWORD must be set in the shell that runs this.',
      },
    ],
  };
}

/** What is declared of the registry, cut in two where the password belongs. */
function declarationAround(registry: Registry): [string, string] {
  const { resourceId, organizationId, policy, suspended, pinned, reconcileEveryMinutes } = registry;
  // What is undefined is left out.
  const declared = { resourceId, organizationId, policy, suspended, pinned, reconcileEveryMinutes };
  const credential = { kind: 'static', username: tokenName(registry), password: '' };
  const text = JSON.stringify({ ...declared, credential }, null, 2);
  const end = text.lastIndexOf('"');
  return [text.slice(0, end), text.slice(end)];
}

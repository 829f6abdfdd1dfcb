import { createHash } from 'node:crypto';
import * as z from 'zod';

const loopback = new Set(['localhost', '127.0.0.1']);

/** A base URL without a trailing slash. The bridge sends secrets there, so it must be https, except on this machine. */
const baseUrl = z
  .url()
  .refine(
    text =>
      !URL.canParse(text) || new URL(text).protocol === 'https:' || loopback.has(new URL(text).hostname),
    'must start with https://',
  )
  .transform(text => text.replace(/\/+$/, ''));

const list = z.string().transform(text =>
  text
    .split(',')
    .map(item => item.trim().toLowerCase())
    .filter(item => item !== ''),
);

const PLATFORM = /^[a-z0-9]+(\/[a-z0-9_]+(\/[a-z0-9]+)?)?$/;

/** NCRONTAB: every minute. */
export const DEFAULT_ROTATE_SCHEDULE = '30 * * * * *';

const Settings = z.object({
  /** Table endpoint of the storage account, e.g. https://ACCOUNT.table.core.windows.net */
  TABLES_URL: baseUrl,
  /** e.g. https://NAME.vault.azure.net */
  KEY_VAULT_URL: baseUrl,
  /**
   * `off` allows a vault whose authentication challenge names another host, as outside Azure.
   * https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
   */
  KEY_VAULT_CHALLENGE_CHECK: z.enum(['on', 'off']).default('on'),
  /**
   * Tells this deployment of the bridge from others at the same registries: part of the names of tokens and client
   * secrets. By default it follows from TABLES_URL, where the records of the deployment are.
   */
  DEPLOYMENT_ID: z
    .string()
    .regex(/^[a-z0-9]{4,16}$/, 'must be 4 to 16 lower-case letters or digits')
    .optional(),
  /** Which Coder is at CODER_URL: v2, where templates name images, or Coder Classic, which imports them. */
  CODER_GENERATION: z.enum(['v2', 'classic']).default('v2'),
  /** e.g. https://coder.example.com */
  CODER_URL: baseUrl,
  /** Organization of registries and templates that name none: its id, or with v2 also its name. */
  CODER_ORGANIZATION_ID: z.string().min(1).optional(),
  /** Name of the Key Vault secret that holds the bridge's session token of Coder. */
  CODER_TOKEN_SECRET: z
    .string()
    .regex(/^[0-9a-zA-Z-]{1,127}$/)
    .default('coder-session-token'),
  /** Coder v2: whether the bridge replaces its session token before that ends, where it has the right to. */
  CODER_TOKEN_RENEWAL: z.enum(['on', 'off']).default('on'),
  /** Most calls to Coder that one instance of the app makes at once. */
  CODER_MAX_CONCURRENT: z.coerce.number().int().min(1).max(1_000).default(8),
  /** Entra audience of an authenticating proxy in front of Coder; unset when there is no proxy. */
  CODER_AUDIENCE: z.string().min(1).optional(),
  /** JSON field and value of the kind *Microsoft Azure Container Registry* in Coder's API. */
  CODER_REGISTRY_KIND_FIELD: z.string().min(1).default('kind'),
  CODER_REGISTRY_KIND_ACR: z.string().min(1).default('acr'),
  /** Client id of the user-assigned managed identity; unset for the system-assigned one. */
  AZURE_CLIENT_ID: z.string().min(1).optional(),
  /**
   * Name of another credential of the Azure SDK to use in place of the managed identity, such as AzureCliCredential
   * for `func start` on a laptop. The SDK itself reads this variable.
   */
  AZURE_TOKEN_CREDENTIALS: z.string().min(1).optional(),
  ARM_URL: baseUrl.default('https://management.azure.com'),
  ARM_AUDIENCE: z.string().min(1).default('https://management.azure.com'),
  GRAPH_URL: baseUrl.default('https://graph.microsoft.com'),
  GRAPH_AUDIENCE: z.string().min(1).default('https://graph.microsoft.com'),
  ACR_AUDIENCE: z.string().min(1).default('https://containerregistry.azure.net'),
  /** Hosts, `host` or `host:port`, comma-separated, that the bridge may send tokens to, in addition to those of ACR. */
  ACR_ALLOWED_HOSTS: list.default([]),
  /** API servers, `host` or `host:port`, comma-separated, that may get tokens for AKS in addition to `*.azmk8s.io`. */
  AKS_ALLOWED_HOSTS: list.default([]),
  /** Least resources of an image in Coder when neither rule nor labels set them. */
  DEFAULT_CPU_CORES: z.coerce.number().positive().default(1),
  DEFAULT_MEMORY_GB: z.coerce.number().int().positive().default(2),
  DEFAULT_DISK_GB: z.coerce.number().int().positive().default(10),
  /** How often each registry is reconciled, unless its declaration says otherwise. */
  RECONCILE_EVERY_MINUTES: z.coerce.number().int().min(1).max(43_200).default(360),
  /** When the credentials are checked, as a schedule of the platform; `rotate-credentials` reads it itself. */
  ROTATE_SCHEDULE: z.string().min(9).default(DEFAULT_ROTATE_SCHEDULE),
  /** Event Grid topic for the bridge's own CloudEvents about images and credentials; unset disables publishing. */
  EVENTS_TOPIC_ENDPOINT: baseUrl.optional(),
  /** Number of failed attempts after which an import is `failed`; 24 take about half a day. */
  IMPORT_MAX_ATTEMPTS: z.coerce.number().int().min(1).max(1_000).default(24),
  /** What workspaces run on, comma-separated: operating systems (`windows`) or platforms (`linux/amd64`, `wasi/wasm`). */
  IMPORT_PLATFORMS: list
    .refine(
      names => names.length > 0 && names.every(name => PLATFORM.test(name)),
      'must be such as linux,windows/amd64',
    )
    .default(['linux']),
});

/** The app's settings, checked. Names are those of the environment variables. */
export type Settings = z.infer<typeof Settings>;

/** Names of all settings, for the tests that compare documentation and deployment with the code. */
export const SETTING_NAMES = Object.keys(Settings.shape);

/** Id of this deployment of the bridge; undefined on a laptop, where no other one uses the same registries. */
export function deploymentIdOf({ DEPLOYMENT_ID, TABLES_URL }: Settings): string | undefined {
  const { hostname } = new URL(TABLES_URL);
  if (DEPLOYMENT_ID || loopback.has(hostname)) return DEPLOYMENT_ID;
  return createHash('sha256').update(hostname).digest('hex').slice(0, 8);
}

/** Reads the settings once. @throws Error that lists every wrong or missing setting */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  // Portals and templates write an empty value for "unset".
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const parsed = Settings.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The app's settings are wrong. Correct these and restart it: ${faults.join('; ')}`);
}

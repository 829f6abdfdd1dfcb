/** The app roles of the bridge's app registration in Entra, and what each allows. */
export const ROLES = {
  'Registries.Read': 'Read registries, image records, reports and guides.',
  'Registries.Write': 'Add, change, remove and reconcile registries.',
  'Images.Import': 'Import images, and replay failed and pending ones.',
  'Credentials.Read': 'Read the credential of a registry.',
} as const;

export type Role = keyof typeof ROLES;

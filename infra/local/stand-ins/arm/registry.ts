import type { Secrets } from '../../secrets.ts';
import type { ArmBehaviour } from './behaviour.ts';

/** A container registry as Azure Resource Manager knows it. */
export interface ArmRegistry {
  /** `/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/NAME` */
  resourceId: string;
  /** Host, and port if any, that images are pushed to. */
  loginServer: string;
  sku?: 'Basic' | 'Standard' | 'Premium';
  adminUserEnabled?: boolean;
  anonymousPullEnabled?: boolean;
  roleAssignmentMode?: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions';
  location?: string;
  /** Days after which a manifest without tag is deleted; no policy is enabled when absent. */
  retentionDays?: number;
}

/** What the accounts of one registry share. */
export interface RegistryState {
  /** As it is now. */
  registry(): ArmRegistry;
  now(): Date;
  secrets: Secrets;
  behaviour: Readonly<ArmBehaviour>;
}

// The entry of the bundle: importing a function's file registers it.
import './health.ts';
import './images-get.ts';
import './images-list.ts';
import './images-post.ts';
import './images-replay.ts';
import './openapi-get.ts';
import './reconcile.ts';
import './registries-credentials.ts';
import './registries-delete.ts';
import './registries-get.ts';
import './registries-latency.ts';
import './registries-list.ts';
import './registries-put.ts';
import './registries-reconcile.ts';
import './registries-reconciliation.ts';
import './registries-setup.ts';
import './registry-event.ts';

// The entry of the bundle: importing a function's file registers it.
import './health.ts';
import './images-get.ts';
import './images-list.ts';
import './reconcile.ts';
import './registries-delete.ts';
import './registries-get.ts';
import './registries-list.ts';
import './registries-put.ts';
import './registry-event.ts';

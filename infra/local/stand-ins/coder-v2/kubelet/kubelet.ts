import type { Kubelet, Pod } from '../context.ts';
import { type Labels, type PullOptions, pullImage } from './pull.ts';

/**
 * Label of an image with what becomes of the agent in its container, since containers here run nothing: `silent` for one
 * that never connects, or what a startup script prints that fails. Without it the agent is ready.
 */
export const STARTUP_LABEL = 'test.startup';

/** A pod of a workspace, as `kubectl get pods` shows it. */
export interface PodStatus {
  workspaceId: string;
  images: string[];
  status: 'ContainerCreating' | 'ImagePullBackOff' | 'Running';
  /** Why the image could not be pulled. */
  message?: string;
}

/** Starts the containers of workspaces, once it has pulled their images from the registry. */
export interface PretendKubelet extends Kubelet {
  pods(): readonly PodStatus[];
  /** Tries the pods again whose images could not be pulled, as the real one does after a while. */
  retry(): Promise<void>;
  /** Waits for the pulls that are under way. */
  settled(): Promise<void>;
}

export function createKubelet(options: PullOptions): PretendKubelet {
  const pods: { pod: Pod; status: PodStatus }[] = [];
  const underWay = new Set<Promise<void>>();

  async function run(pod: Pod, status: PodStatus): Promise<void> {
    status.status = 'ContainerCreating';
    delete status.message;
    try {
      const labels: Labels[] = [];
      for (const image of pod.images) labels.push(await pullImage(image, options));
      status.status = 'Running';
      startAgents(
        pod,
        labels.map(each => each[STARTUP_LABEL]).find(startup => startup !== undefined),
      );
    } catch (error) {
      status.status = 'ImagePullBackOff';
      status.message = (error as Error).message;
    }
  }
  function begin(pod: Pod, status: PodStatus): void {
    const work = run(pod, status).finally(() => underWay.delete(work));
    underWay.add(work);
  }
  async function settled(): Promise<void> {
    await Promise.all(underWay);
  }
  return {
    start(pod) {
      const status: PodStatus = {
        workspaceId: pod.workspaceId,
        images: pod.images,
        status: 'ContainerCreating',
      };
      pods.push({ pod, status });
      begin(pod, status);
    },
    pods: () => pods.map(({ status }) => status),
    async retry() {
      for (const { pod, status } of pods) if (status.status === 'ImagePullBackOff') begin(pod, status);
      await settled();
    },
    settled,
  };
}

function startAgents({ agents }: Pod, startup: string | undefined): void {
  if (startup === undefined) agents.ready();
  else if (startup !== 'silent') agents.fail(startup);
}

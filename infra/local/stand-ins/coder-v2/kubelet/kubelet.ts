import type { Kubelet, Pod } from '../context.ts';
import { type PullOptions, pullImage } from './pull.ts';

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
      for (const image of pod.images) await pullImage(image, options);
      status.status = 'Running';
      pod.agents.ready();
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

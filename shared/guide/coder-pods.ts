import type { Command } from './guide.ts';

/** Begins every kubectl command. */
export const KUBECTL = 'kubectl --namespace "$CODER_NAMESPACE"';

/** Gives Coder the values, and waits until its pods have them. */
export function upgrade(): Command[] {
  return [
    { run: 'helm upgrade coder coder/coder --values values.yaml --namespace "$CODER_NAMESPACE"' },
    {
      run: `${KUBECTL} rollout status deployment/coderd`,
      expect: 'deployment "coderd" successfully rolled out',
    },
  ];
}

import type { ApiError } from '../api.ts';
import { inline } from './prose.tsx';

/** Why a call failed, and what a person does about it. */
export function Failure({ error, what }: { error: ApiError; what?: string }) {
  const { problem } = error;
  return (
    <div class="note bad" role="alert">
      <p>
        <strong>{headingOf(error)}</strong> {what && <span class="quiet">This was {what}.</span>}
      </p>
      <p>{inline(error.isUnreachable ? UNREACHABLE : error.message)}</p>
      {problem?.remedy && <p>{inline(problem.remedy)}</p>}
      {problem?.errors && (
        <ul>
          {problem.errors.map(({ path, message }) => (
            <li key={path + message}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {error.status === 403 && (
        <p class="quiet">
          Sign in again after the role was assigned: a token keeps the roles that it was issued with.
        </p>
      )}
    </div>
  );
}

const UNREACHABLE = 'No answer came. Is the app running, and can this browser reach it?';

function headingOf(error: ApiError): string {
  if (error.isUnreachable) return 'The bridge does not answer.';
  if (error.status === 401) return 'The bridge asks who you are.';
  if (error.status === 403) return 'You lack a role.';
  return error.problem ? `${error.status} ${error.problem.reason}` : `${error.status}`;
}

import { createRequire } from 'node:module';

/** What Microsoft's own parser makes of a query. */
export interface ParsedQuery {
  /** Errors and warnings, names that do not exist included. */
  problems: string[];
  /** Names of the columns of the result. */
  columns: string[];
  /** What is read out of `entry`, by longest path, such as `lastResult.reason`. */
  fields: string[];
}

// It is C# made into JavaScript: two scripts, each of which adds a global. These are the parts of them that we use.
const require = createRequire(import.meta.url);
require('@kusto/language-service-next/bridge.min.js');
require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
interface List<T> {
  ToArray?: unknown;
  readonly __items?: T;
}
interface Node {
  toString(): string;
}
const { Bridge, Kusto } = globalThis as unknown as {
  Bridge: { toArray<T>(list: List<T>): T[]; getTypeName(value: unknown): string };
  Kusto: {
    Language: {
      KustoCode: {
        ParseAndAnalyze(
          query: string,
          globals: unknown,
        ): {
          GetDiagnostics(): List<{ Severity: string; Message: string }>;
          ResultType: { Columns: List<{ Name: string }> };
          Syntax: Node;
        };
      };
      GlobalState: { Default: { WithDatabase(database: unknown): unknown } };
      Symbols: {
        TableSymbol: { From(schema: string): { WithName(name: string): unknown } };
        DatabaseSymbol: { $ctor1: new (name: string, tables: unknown[]) => unknown };
      };
      Syntax: { SyntaxElement: { WalkNodes(root: Node, visit: (node: Node) => void): void } };
    };
  };
};
const { KustoCode, GlobalState, Symbols, Syntax } = Kusto.Language;

// https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces
const APP_TRACES =
  '(TimeGenerated: datetime, Message: string, SeverityLevel: int, OperationName: string, _ResourceId: string)';
const table = Symbols.TableSymbol.From(APP_TRACES).WithName('AppTraces');
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1('workspace', [table]));

/** Parses a query of Log Analytics, and looks up its names. */
export function parseQuery(query: string): ParsedQuery {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const paths = new Set<string>();
  Syntax.SyntaxElement.WalkNodes(code.Syntax, node => {
    const path = node.toString().trim();
    if (Bridge.getTypeName(node).endsWith('.PathExpression') && path.startsWith('entry.'))
      paths.add(path.slice('entry.'.length));
  });
  return {
    problems: Bridge.toArray(code.GetDiagnostics()).map(({ Severity, Message }) => `${Severity}: ${Message}`),
    columns: Bridge.toArray(code.ResultType.Columns).map(({ Name }) => Name),
    fields: [...paths].filter(path => ![...paths].some(other => other.startsWith(`${path}.`))),
  };
}

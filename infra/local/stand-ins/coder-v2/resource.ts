/** The thing that a caller wants to act on. */
export interface Resource {
  /** Coder's name, such as `template` or `api_key`. */
  type: string;
  /** Of the thing itself; that of its template for a version. */
  id?: string | undefined;
  ownerId?: string | undefined;
}

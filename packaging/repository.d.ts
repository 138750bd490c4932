export interface RepositoryFields {
  readonly repository: { readonly type: 'git'; readonly url: string };
  readonly bugs: { readonly url: string };
  readonly homepage: string;
}
export function repositoryFields(address: string): RepositoryFields;

interface ImportMetaEnv {
  /** Where the API is reached, without a slash at the end. */
  readonly PUBLIC_API_URL?: string
}

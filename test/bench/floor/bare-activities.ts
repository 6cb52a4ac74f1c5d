/** Four activities that do nothing. */
export const bareActivities = {
  first: async (): Promise<void> => undefined,
  second: async (): Promise<void> => undefined,
  third: async (): Promise<void> => undefined,
  fourth: async (): Promise<void> => undefined,
};

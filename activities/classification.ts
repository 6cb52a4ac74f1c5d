/** The services behind the activities of the classification of articles. */
export type ClassificationDeps = object;

/** The activities of the classification of articles. */
export type ClassificationActivities = object;

/** Creates the activities of the classification of articles. */
export function createClassificationActivities(_deps: ClassificationDeps): ClassificationActivities {
  return {};
}

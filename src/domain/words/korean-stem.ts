// Particles that are written on to a noun, longer ones first.
const particles =
  /(?:에서부터|으로부터|이라는|에서는|에서도|으로는|으로도|으로써|으로서|에게서|한테서|까지는|까지도|부터는|이라고|에서|에게|한테|으로|까지|부터|처럼|보다|마다|조차|밖에|이나|이란|라고|라는|에는|에도|로는|로서|로써|와의|과의|들은|들이|들을|들의|은|는|이|가|을|를|의|에|로|와|과|도|만|들|나|랑)$/;

// Endings of the verb `to do`, which makes verbs of nouns, and of its passive; longer ones first.
const doing =
  /(?:하였습니다|하십시오|하겠습니다|되었습니다|했습니다|됐습니다|합니다|됩니다|하세요|하려면|하려고|하도록|하면서|하지만|하다가|하거나|하는지|하는데|했는데|했다가|되면서|되도록|되지만|했어요|됐어요|되었다|하였다|하기|하는|하다|하고|하며|하면|하여|하지|하게|하자|해서|해야|해요|해도|했다|했던|한다|되는|되다|되고|되며|되면|되어|되지|돼서|돼요|됐다|된다|되기|했|한|할|함|해|된|될|됨)$/;

/**
 * A Korean word without the particle at its end, or without the verb that is written on to a noun; null where it has neither, or
 * where one syllable would be left.
 */
export function koreanStem(word: string): string | null {
  const noun = word.replace(doing, '');
  const stem = noun !== word && noun.length >= 2 ? noun : word.replace(particles, '');
  return stem !== word && stem.length >= 2 ? stem : null;
}

// Particles that are written on to a noun, longer ones first.
const particles =
  /(?:에서부터|으로부터|이라는|에서는|에서도|으로는|으로도|으로써|으로서|에게서|한테서|까지는|까지도|부터는|이라고|에서|에게|한테|으로|까지|부터|처럼|보다|마다|조차|밖에|이나|이란|라고|라는|에는|에도|로는|로서|로써|와의|과의|들은|들이|들을|들의|은|는|이|가|을|를|의|에|로|와|과|도|만|들|나|랑)$/;

/** A Korean word without the particle at its end; null where it has none, or where one syllable would be left. */
export function koreanStem(word: string): string | null {
  const stem = word.replace(particles, '');
  return stem !== word && stem.length >= 2 ? stem : null;
}

/** The most articles of one tenant under way: enough to keep its provider busy, few enough to leave room for edits. */
export const maxUnderWay = 200;

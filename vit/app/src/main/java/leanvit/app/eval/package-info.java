/** Measures: what reducers cost and gain on labelled pictures, and how many tokens are worth their time. */
package leanvit.app.eval;

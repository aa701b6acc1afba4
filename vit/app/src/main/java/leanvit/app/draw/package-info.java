/**
 * Drawings: {@link leanvit.app.draw.TokenPicture} shows where the patches of a picture went,
 * {@link leanvit.app.draw.Chart} plots measurements. They draw with a font of their own and no window system, so the
 * same input gives the same bytes on every machine.
 */
package leanvit.app.draw;

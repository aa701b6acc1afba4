/**
 * Pictures of sixteen things, drawn by a seed: what the demo model is trained on and shown. By a rasteriser of our own,
 * in IEEE arithmetic and {@link StrictMath}, so that the pixels are the same on every JDK.
 */
package leanvit.app.scenes;

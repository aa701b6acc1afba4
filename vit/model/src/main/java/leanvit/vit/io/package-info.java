/** Files that users give and get: errors that name them, writing them whole. */
package leanvit.vit.io;

@NullMarked
package io.hailstorm.log;

import org.jspecify.annotations.NullMarked;

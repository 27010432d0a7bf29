// What a run leaves behind: a short table for people, one JSON object for machines (SUMMARY_JSON, a file).

const OURS = /^(fixes_|fix_|drive_|offers_|rider_|trips_|request_)/;

export function report(script, data) {
  const outcome = { script, ok: true, duration_ms: data.state.testRunDurationMs, thresholds: {}, metrics: {} };
  const table = [];
  for (const name of Object.keys(data.metrics).filter((candidate) => OURS.test(candidate)).sort()) {
    const metric = data.metrics[name];
    outcome.metrics[name] = metric.values;
    table.push(`  ${name.padEnd(22)} ${values(metric)}`);
    for (const [rule, threshold] of Object.entries(metric.thresholds || {})) {
      outcome.thresholds[`${name}: ${rule}`] = threshold.ok;
      outcome.ok = outcome.ok && threshold.ok;
      table.push(`  ${''.padEnd(22)} ${threshold.ok ? 'met' : 'MISSED'}: ${rule}`);
    }
  }
  table.push(`${script}: ${outcome.ok ? 'all thresholds met' : 'thresholds MISSED'}`);
  const outputs = { stderr: `\n${table.join('\n')}\n` };
  if (__ENV.SUMMARY_JSON) {
    outputs[__ENV.SUMMARY_JSON] = `${JSON.stringify(outcome, null, 2)}\n`;
  }
  return outputs;
}

function values(metric) {
  const v = metric.values;
  switch (metric.type) {
    case 'counter':
      return `${v.count}  (${v.rate.toFixed(1)}/s)`;
    case 'rate':
      return `${(v.rate * 100).toFixed(2)} %  (${v.passes} of ${v.passes + v.fails})`;
    default:
      return ['min', 'med', 'p(95)', 'p(99)', 'max']
        .filter((key) => v[key] !== undefined)
        .map((key) => `${key} ${v[key].toFixed(0)} ms`)
        .join('  ');
  }
}

(function () {
  var charts = document.querySelectorAll(".chart");
  var buttons = [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]];  // no other: some send data away
  var options = { displaylogo: false, responsive: true, modeBarButtons: buttons };
  function color(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  function draw() {
    var ink = color("--ink"), line = color("--line"), card = color("--card");
    charts.forEach(function (chart) {
      var figure = JSON.parse(chart.querySelector("script").textContent), layout = figure.layout;
      layout.font = { color: ink, family: "system-ui, sans-serif", size: 12 };
      [layout.xaxis, layout.yaxis].forEach(function (axis) { axis.gridcolor = line; axis.zerolinecolor = line; });
      layout.modebar = { bgcolor: "rgba(0,0,0,0)", color: color("--soft"), activecolor: ink };
      layout.hoverlabel.bgcolor = card;
      layout.hoverlabel.bordercolor = line;
      layout.hoverlabel.font.color = ink;
      figure.data.forEach(function (trace) { if (trace.type === "bar") { trace.error_x.color = ink; } });
      Plotly.react(chart.querySelector("div"), figure.data, layout, options);
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();

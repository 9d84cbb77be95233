using System.Diagnostics;
using System.Text.RegularExpressions;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Mono.Unix.Native;

namespace HashStore.Tests.Browser;

/// <summary>A Chromium without a window, with a profile of its own; it opens what it is told to, as tabs do.</summary>
internal sealed partial class Chromium : IAsyncDisposable
{
    /// <summary>Its name on the path.</summary>
    public const string Program = "chromium";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TempFolder profile = new();
    private readonly Process process;
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };

    private Chromium()
    {
        var info = new ProcessStartInfo(Needs.OnPath(Program) ?? Program) { RedirectStandardError = true, RedirectStandardOutput = true };
        info.Environment["HOME"] = profile.Path;
        string[] switches =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--no-proxy-server", "--disable-popup-blocking",
            "--remote-debugging-port=0", $"--user-data-dir={profile["profile"]}", "about:blank",
        ];
        foreach (var one in switches)
        {
            info.ArgumentList.Add(one);
        }

        process = new Process { StartInfo = info };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null && Announcement().Match(line.Data) is { Success: true } match)
            {
                listening.TrySetResult(new Uri($"http://{match.Groups[1].Value}/"));
            }
        };
        AppDomain.CurrentDomain.ProcessExit += EndWithTests;
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>Starts it.</summary>
    internal static async Task<Chromium> StartAsync()
    {
        var browser = new Chromium();
        try
        {
            browser.client.BaseAddress = await browser.listening.Task.WaitAsync(Patience);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens an address in a tab of its own; returns when the tab is there.</summary>
    internal async Task OpenAsync(string url)
    {
        using var answer = await client.PutAsync(new Uri($"json/new?{Uri.EscapeDataString(url)}", UriKind.Relative), null);
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndWithTests;
        client.Dispose();
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync().WaitAsync(Patience);
        }

        process.Dispose();
        await Until.TrueAsync("its last process has left the profile", () => Remove(profile));
    }

    private static bool Remove(TempFolder folder)
    {
        try
        {
            folder.Dispose();
            return true;
        }
        catch (IOException)
        {
            return false; // one of its processes still writes
        }
    }

    private void EndWithTests(object? sender, EventArgs arguments) => _ = Syscall.kill(process.Id, Signum.SIGKILL);

    [GeneratedRegex(@"^DevTools listening on ws://([^/]+)/")]
    private static partial Regex Announcement();
}

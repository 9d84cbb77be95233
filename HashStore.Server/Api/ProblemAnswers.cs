using HashStore.Storage;

namespace HashStore.Server.Api;

/// <summary>Turns whatever goes wrong below into a problem document, and gives one to answers that have none.</summary>
internal sealed partial class ProblemAnswers(ILogger<ProblemAnswers> logger)
{
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        Problem? problem;
        var failed = true;
        try
        {
            if (HasDotSegment(RequestTarget.PathOf(http)))
            {
                throw new ProblemException(400, "The path holds a segment \".\" or \"..\", which is no name.");
            }

            await next(http);
            failed = false;
            problem = http.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null } ? Plain(http) : null;
        }
        catch (ProblemException exception)
        {
            problem = exception.Problem;
        }
        catch (StoreException exception)
        {
            problem = Problem.Of(exception);
            if (problem.Status >= 500)
            {
                LogRefused(logger, http.Request.Method, http.Request.Path, exception.Message);
            }
        }
        catch (BadHttpRequestException exception)
        {
            problem = new Problem(exception.StatusCode, exception.Message);
        }
        catch (Exception exception) when (http.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            LogAborted(logger, http.Request.Method, http.Request.Path);
            return; // nobody is there to answer
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception, http.Request.Method, http.Request.Path);
            problem = new Problem(500, "The server failed; its log says how.");
        }

        if (problem is null)
        {
            return;
        }

        if (http.Response.HasStarted)
        {
            http.Abort(); // too late to say it: a cut-off answer is better than a wrong one
            return;
        }

        if (failed)
        {
            http.Response.Clear(); // header fields of the answer that was begun, caching above all, must not go out with the problem
        }

        await problem.WriteAsync(http);
    }

    private static Problem Plain(HttpContext http) => http.Response.StatusCode switch
    {
        404 => new Problem(404, "There is nothing at this address."),
        405 => new Problem(405, $"{http.Request.Method} is not possible here; the Allow field says what is."),
        413 => new Problem(413, "The body is larger than what is taken here."),
        415 => new Problem(415, "The body's Content-Type is not one that is understood here."),
        var status => new Problem(status, "The request cannot be served."),
    };

    private static bool HasDotSegment(ReadOnlySpan<char> path)
    {
        foreach (var segment in path.Split('/'))
        {
            var text = path[segment];
            if (text.Length is > 0 and <= 6 && (text[0] is '.' or '%') && IsDots(text))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary><c>.</c> and <c>..</c>, plain or percent-encoded: the web server below has taken them out of its own view of the path.</summary>
    private static bool IsDots(ReadOnlySpan<char> segment)
    {
        var dots = 0;
        while (!segment.IsEmpty)
        {
            var length = segment[0] == '.' ? 1 : segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase) ? 3 : 0;
            if (length == 0)
            {
                return false;
            }

            dots++;
            segment = segment[length..];
        }

        return dots is 1 or 2;
    }

    [LoggerMessage(201, LogLevel.Warning, "{Method} {Path}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string method, PathString path, string reason);

    [LoggerMessage(202, LogLevel.Debug, "{Method} {Path}: the client went away")]
    private static partial void LogAborted(ILogger logger, string method, PathString path);

    [LoggerMessage(203, LogLevel.Error, "{Method} {Path} failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string method, PathString path);
}
